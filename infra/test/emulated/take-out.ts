import {
  type Body,
  parseStack,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
} from '../../src/stack-json.ts';
import type { Lack } from './lacking.ts';

/** Whether something that is lacking is this resource, or an attribute that it has. */
export const isAbout = ({ type, name, attribute }: Lack, resource: Resource): boolean =>
  resource.type === type &&
  (name === undefined || resource.name === name) &&
  (attribute === undefined || attribute in resource.body);

/**
 * A stack without what is lacking, and ready to be destroyed again.
 *
 * @throws Error if something that stays refers to something that was taken out
 */
export const takeOut = (text: string, lacking: readonly Lack[]): StackJson => {
  const stack = parseStack(text);
  const lacksOf = (resource: Resource): readonly Lack[] => lacking.filter((lack) => isAbout(lack, resource));
  const isGone = (resource: Resource): boolean =>
    lacksOf(resource).some(({ attribute }) => attribute === undefined);
  const gone = new Set(
    resources(stack)
      .filter(isGone)
      .map(({ address }) => address),
  );
  const resource: StackJson['resource'] = {};
  for (const each of resources(stack)) {
    if (isGone(each)) continue;
    const attributes = lacksOf(each).map(({ attribute }) => attribute);
    const named = resource[each.type] ?? {};
    resource[each.type] = { ...named, [each.name]: destroyable(without(each.body, attributes, gone)) };
  }
  const left: StackJson = { ...stack, resource };
  const dangling = resources(left).flatMap(({ address, body }) =>
    referencesIn(body)
      .filter((reference) => gone.has(reference))
      .map((reference) => `${address} refers to ${reference}`),
  );
  if (dangling.length > 0) {
    throw new Error(`What is lacking is still referred to; list that, too: ${dangling.join('; ')}.`);
  }
  return left;
};

const without = (
  body: Body,
  attributes: readonly (string | undefined)[],
  gone: ReadonlySet<string>,
): Body => {
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !attributes.includes(name)));
  // Order is all that it says.
  if (!Array.isArray(kept.depends_on)) return kept;
  return { ...kept, depends_on: kept.depends_on.filter((address) => !gone.has(String(address))) };
};

/** The tests destroy what they have made, prod's included. */
const destroyable = (protectedBody: Body): Body => {
  const body =
    protectedBody.deletion_protection_enabled === true
      ? { ...protectedBody, deletion_protection_enabled: false }
      : protectedBody;
  const { lifecycle, ...rest } = body;
  if (typeof lifecycle !== 'object' || lifecycle === null || Array.isArray(lifecycle)) return body;
  const { prevent_destroy: _, ...others } = lifecycle;
  return Object.keys(others).length === 0 ? rest : { ...rest, lifecycle: others };
};

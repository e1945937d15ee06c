import { isArray, isObject, type Json, type JsonObject, valueAt } from '../json.ts';

/** Where a state led, by the placeholder's name. */
export type Places = ReadonlyMap<string, { readonly name: string; readonly catchIndex?: number }>;

/** "The TestState API can run for up to five minutes." */
const MAX_SECONDS = 300;

const BEFORE = 'before the tested state';

/**
 * A machine that runs one state on `$.input`, with the variables of `$.variables`. Each state that it may go to
 * is a placeholder of its own that ends the machine.
 */
export function oneStateMachine(
  name: string,
  state: JsonObject,
  variables: JsonObject,
): { readonly definition: JsonObject; readonly places: Places } {
  const places = new Map<string, { readonly name: string; readonly catchIndex?: number }>();
  const placeholder = (target: Json, catchIndex?: number): Json => {
    if (typeof target !== 'string') return target;
    const place = `placeholder ${places.size}`;
    places.set(place, { name: target, ...(catchIndex === undefined ? {} : { catchIndex }) });
    return place;
  };
  const redirected = (holder: JsonObject, field: string, catchIndex?: number): JsonObject => {
    const target = valueAt(holder, field);
    return target === undefined ? {} : { [field]: placeholder(target, catchIndex) };
  };
  const inList = (field: string, catches: boolean): JsonObject => {
    const list = valueAt(state, field);
    if (!isArray(list)) return {};
    const redirect = (item: Json, index: number) =>
      isObject(item) ? { ...item, ...redirected(item, 'Next', catches ? index : undefined) } : item;
    return { [field]: list.map(redirect) };
  };
  const tested = {
    ...state,
    ...redirected(state, 'Next'),
    ...redirected(state, 'Default'),
    ...inList('Choices', false),
    ...inList('Catch', true),
  };
  const before = {
    Type: 'Pass',
    QueryLanguage: 'JSONPath',
    ...(Object.keys(variables).length === 0
      ? {}
      : {
          Assign: Object.fromEntries(
            Object.keys(variables).map((key) => [`${key}.$`, `$.variables['${key}']`]),
          ),
        }),
    OutputPath: '$.input',
    Next: name,
  };
  const ends = [...places.keys()].map((place) => [place, { Type: 'Succeed' }]);
  return {
    definition: {
      StartAt: BEFORE,
      TimeoutSeconds: MAX_SECONDS,
      States: { [BEFORE]: before, [name]: tested, ...Object.fromEntries(ends) },
    },
    places,
  };
}

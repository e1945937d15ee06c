import { isArray, isObject, type Json, type JsonArray, type JsonObject, setKey, valueAt } from '../json.ts';
import type { JsonPath, Segment } from './syntax.ts';

/**
 * What the path selects: the node of a definite path, undefined if there is none; the list of nodes of
 * any other path, which is empty if nothing matches.
 */
export function select(path: JsonPath, root: Json): Json | undefined {
  return path.definite ? selectOne(path.segments, root) : selectAll(path.segments, root);
}

function selectOne(segments: readonly Segment[], root: Json): Json | undefined {
  let node: Json | undefined = root;
  for (const segment of segments) {
    if (node === undefined) return undefined;
    node = step(segment, node);
  }
  return node;
}

function step(segment: Segment, node: Json): Json | undefined {
  switch (segment.kind) {
    case 'name':
      return isObject(node) ? valueAt(node, segment.name) : undefined;
    case 'index':
      return isArray(node) ? node.at(segment.index) : undefined;
    case 'names':
      return isObject(node) ? membersOf(node, segment.names) : undefined;
    default:
      return undefined;
  }
}

function membersOf(node: JsonObject, names: readonly string[]): JsonObject {
  const members: Record<string, Json> = {};
  for (const name of names) {
    const value = valueAt(node, name);
    if (value !== undefined) setKey(members, name, value);
  }
  return members;
}

function selectAll(segments: readonly Segment[], root: Json): JsonArray {
  let nodes: Json[] = [root];
  segments.forEach((segment, index) => {
    const found: Json[] = [];
    const last = index === segments.length - 1;
    for (const node of nodes) follow(segment, node, root, last, found);
    nodes = found;
  });
  return nodes;
}

function follow(segment: Segment, node: Json, root: Json, last: boolean, found: Json[]): void {
  switch (segment.kind) {
    case 'name':
    case 'index':
      pushPresent(found, step(segment, node));
      return;
    case 'names':
      if (last) pushPresent(found, step(segment, node));
      else if (isObject(node)) for (const name of segment.names) pushPresent(found, valueAt(node, name));
      return;
    case 'indexes':
      if (isArray(node)) for (const index of segment.indexes) pushPresent(found, node.at(index));
      return;
    case 'slice':
      if (isArray(node)) for (const item of node.slice(segment.from, segment.to)) found.push(item);
      return;
    case 'wildcard':
      for (const child of childrenOf(node)) found.push(child);
      return;
    case 'filter':
      // On an object the filter tests the object itself, in an array each element (as on AWS). "The @ operator …
      // does not match scalar values. It only matches objects." (amazon-states-language-paths)
      for (const candidate of isArray(node) ? node : [node]) {
        if (typeof candidate === 'object' && candidate !== null && segment.test(candidate, root)) {
          found.push(candidate);
        }
      }
      return;
    case 'descend':
      descend(node, found);
      return;
  }
}

function pushPresent(found: Json[], value: Json | undefined): void {
  if (value !== undefined) found.push(value);
}

function childrenOf(node: Json): JsonArray {
  if (isArray(node)) return node;
  return isObject(node) ? Object.values(node) : [];
}

function descend(node: Json, found: Json[]): void {
  if (!isArray(node) && !isObject(node)) return;
  found.push(node);
  for (const child of childrenOf(node)) descend(child, found);
}

/** Why a definite path selects nothing, in AWS's words. */
export function explainMissing(path: JsonPath, root: Json): string {
  let node: Json | undefined = root;
  let passed = '$';
  for (const [index, segment] of path.segments.entries()) {
    node = node === undefined ? undefined : step(segment, node);
    passed += bracketText(segment);
    if (node === undefined) {
      return index === path.segments.length - 1
        ? `No results for path: ${passed}`
        : `Missing property in path ${passed}`;
    }
  }
  return `No results for path: ${passed}`;
}

function bracketText(segment: Segment): string {
  if (segment.kind === 'name') return `['${segment.name}']`;
  if (segment.kind === 'index') return `[${segment.index}]`;
  return segment.kind === 'names' ? `[${segment.names.map((name) => `'${name}'`).join(',')}]` : '';
}

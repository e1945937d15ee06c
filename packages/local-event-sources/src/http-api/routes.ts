/** A route as infra writes it: `POST /datasets/{dataset}/records`, `ANY /files/{path+}`, `$default`. */
export type RouteKey = string;

export interface MatchedRoute {
  readonly routeKey: RouteKey;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Route {
  readonly routeKey: RouteKey;
  readonly method: string;
  readonly segments: readonly string[];
}

const isGreedy = (segment: string): boolean => /^\{[^}]+\+\}$/.test(segment);
const isVariable = (segment: string): boolean => /^\{[^}]+\}$/.test(segment);
const nameOf = (segment: string): string => segment.replace(/^\{|\+?\}$/g, '');

const parametersOf = (route: Route, segments: readonly string[]): Record<string, string> | null => {
  const parameters: Record<string, string> = {};
  for (const [at, wanted] of route.segments.entries()) {
    const rest = segments.slice(at);
    if (isGreedy(wanted)) {
      if (rest.length === 0) return null;
      parameters[nameOf(wanted)] = rest.join('/');
      return parameters;
    }
    const [given] = rest;
    if (given === undefined || (isVariable(wanted) ? given === '' : given !== wanted)) return null;
    if (isVariable(wanted)) parameters[nameOf(wanted)] = given;
  }
  return segments.length === route.segments.length ? parameters : null;
};

/** Static segments before variables before a greedy one, from left to right, and a method before `ANY`. */
const rank = ({ method, segments }: Route): string =>
  segments.map((one) => (isGreedy(one) ? '2' : isVariable(one) ? '1' : '0')).join('') +
  (method === 'ANY' ? '|1' : '|0');

/**
 * Finds the route of a request as an HTTP API does: the most specific one wins, `$default` takes what is left.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export const createRouter = (
  keys: readonly RouteKey[],
): ((method: string, path: string) => MatchedRoute | null) => {
  const routes = keys
    .filter((key) => key !== '$default')
    .map((routeKey): Route => {
      const [, method, path] = /^([A-Z]+) \/(.*)$/.exec(routeKey) ?? [];
      if (method === undefined || path === undefined)
        throw new Error(`${routeKey} is no route: write it as "POST /path/{variable}", or $default.`);
      return { routeKey, method, segments: path.split('/') };
    })
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return (method, path) => {
    const segments = path.slice(1).split('/');
    for (const route of routes) {
      if (route.method !== method && route.method !== 'ANY') continue;
      const pathParameters = parametersOf(route, segments);
      if (pathParameters) return { routeKey: route.routeKey, pathParameters };
    }
    return keys.includes('$default') ? { routeKey: '$default', pathParameters: {} } : null;
  };
};

import { type ExecutionArgs, GraphQLError } from 'graphql';
import { MAX_ISSUES } from '../../domain/shared/limits.ts';
import type { Scope } from '../../domain/shared/scopes.ts';
import {
  OPERATION,
  type Part,
  type Path,
  type Requirement,
  requirementsOf,
  requirementsOfArguments,
} from './scope-requirements.ts';
import type { Variables } from './variables.ts';

/**
 * Rejects the whole operation if the viewer lacks a scope of any field that is executed. A field that `@skip` or `@include`
 * excludes requires no scope. One error names all fields and scopes: gateways mask responses with several errors.
 *
 * @param variables coerced; undefined if coercion failed. Then only scopes that do not depend on variables are checked.
 */
export function checkScopes(
  args: ExecutionArgs,
  variables: Variables | undefined,
  grantedScopes: ReadonlySet<Scope>,
): GraphQLError | undefined {
  const parts = requirementsOf(args, variables);
  const unmet = new Map<string, Requirement[]>();
  for (const [name, part] of parts) {
    const ofArguments = variables
      ? part.byArguments.flatMap((f) => requirementsOfArguments(args.schema, variables, f))
      : [];
    const unmetOfPart = [...unmetOf(part.fixed, grantedScopes), ...unmetOf(ofArguments, grantedScopes)];
    if (unmetOfPart.length > 0) unmet.set(name, unmetOfPart);
  }
  return unmet.size > 0 ? forbidden([...unmet.values()].flat(), missingScopes(parts, unmet)) : undefined;
}

/** The requirements that the granted scopes do not meet, each with the scopes that are missing. */
function unmetOf(requirements: readonly Requirement[], grantedScopes: ReadonlySet<Scope>): Requirement[] {
  return requirements.flatMap((requirement) => {
    const scopes = requirement.scopes.filter((scope) => !grantedScopes.has(scope));
    return scopes.length > 0 ? { ...requirement, scopes } : [];
  });
}

const listFormat = new Intl.ListFormat('en');

/** The error for unmet requirements: names each field with the scopes that are missing. */
function forbidden(unmet: readonly Requirement[], missing: readonly MissingScope[]): GraphQLError {
  const byScopes = Map.groupBy(
    unmet,
    ({ scopes }) => `scope${scopes.length > 1 ? 's' : ''} ${listFormat.format(scopes)}`,
  );
  const sentences = [...byScopes].map(([scopes, requirements]) => {
    const fields = new Set(requirements.map(({ coordinate }) => coordinate));
    return `${listFormat.format(fields)} require${fields.size > 1 ? '' : 's'} the ${scopes}`;
  });
  return new GraphQLError(`${sentences.join('; ')}.`, {
    nodes: [...new Map(unmet.map(({ coordinate, node }) => [coordinate, node])).values()],
    extensions: {
      code: 'FORBIDDEN',
      requiredScopes: [...new Set(unmet.flatMap(({ scopes }) => scopes))],
      missing,
      http: { status: 403 },
    },
  });
}

/** A scope that a field of the operation requires and the viewer lacks. */
interface MissingScope {
  /** The response keys of the field and of the fields that contain it; without the indexes of list items. */
  path: Path;
  scope: Scope;
}

/** Lists the paths of unmet requirements with fragments expanded, each path and scope once, and at most `MAX_ISSUES`. */
function missingScopes(
  parts: ReadonlyMap<string, Part>,
  unmet: ReadonlyMap<string, readonly Requirement[]>,
): MissingScope[] {
  const leadsToUnmet = cachedSearch(parts, (name) => unmet.has(name));
  const missing = new Map<string, MissingScope>();
  const expanded = new Set<string>();
  function expand(name: string, prefix: Path): void {
    const key = JSON.stringify([name, prefix]);
    if (expanded.has(key) || !leadsToUnmet(name)) return;
    expanded.add(key);
    for (const { path, scopes } of unmet.get(name) ?? []) {
      for (const scope of scopes) {
        const found = { path: [...prefix, ...path], scope };
        if (missing.size < MAX_ISSUES) missing.set(JSON.stringify(found), found);
      }
    }
    for (const { fragment, path } of parts.get(name)?.spreads ?? []) {
      if (missing.size < MAX_ISSUES) expand(fragment, [...prefix, ...path]);
    }
  }
  expand(OPERATION, []);
  return [...missing.values()];
}

/** Returns a function that tells whether a part, or one that it spreads, satisfies a condition. */
function cachedSearch(parts: ReadonlyMap<string, Part>, condition: (name: string) => boolean) {
  const results = new Map<string, boolean>();
  return function search(name: string): boolean {
    const cached = results.get(name);
    if (cached !== undefined) return cached;
    const spreads = parts.get(name)?.spreads ?? [];
    const result = condition(name) || spreads.some(({ fragment }) => search(fragment));
    results.set(name, result);
    return result;
  };
}

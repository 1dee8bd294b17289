import { useState } from 'react';
import { useMutation } from 'react-relay';
import type { GraphQLTaggedNode, MutationParameters } from 'relay-runtime';
import { GatewayError } from './fetch-with-retry.ts';

/** What went wrong with a write: an `Error` of the schema, or an entry of `errors`. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** The issues of a `ValidationError`. */
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
}

/** A mutation whose only field has the alias `result`. */
interface Write extends MutationParameters {
  readonly response: { readonly result: Partial<Problem> };
}

/** Executes a mutation that returns typed errors. */
export function useWrite<T extends Write>(mutation: GraphQLTaggedNode) {
  const [commit, isInFlight] = useMutation<T>(mutation);
  const [problem, setProblem] = useState<Problem>();

  function write(variables: T['variables'], onSuccess?: () => void): void {
    setProblem(undefined);
    commit({
      variables,
      onCompleted: ({ result: { code, message = '', issues } }) => {
        if (code === undefined) onSuccess?.();
        else setProblem({ code, message, issues });
      },
      onError: (error) => {
        setProblem({ code: error instanceof GatewayError ? error.code : 'UNREACHABLE', message: error.message });
      },
    });
  }

  return { write, isInFlight, problem };
}

import { Trace } from '@apollo/usage-reporting-protobuf';
import { useApolloInstrumentation } from '@graphql-yoga/plugin-apollo-inline-trace';
import { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

/** The header by which a router asks for a trace (Apollo Federation, "federated tracing"). */
export const asksForTrace = (headers: Readonly<Record<string, unknown>>): boolean =>
  headers['apollo-federation-include-trace'] === 'ftv1';

/** What a trace says of any error: which field failed is told by its place, and why by the answer, masked. */
const failed = new GraphQLError('The field failed; the answer says why.');

/**
 * Adds the trace of an operation to its answer, as `extensions.ftv1`: which field took how long, and failed why.
 *
 * The library's own `useApolloInlineTrace` does the same, but hands every byte of the trace to one function call as an
 * argument, which fails for the traces of large pages.
 */
export function inlineTrace(): Plugin {
  const [instrumentation, tracing] = useApolloInstrumentation({ rewriteError: () => failed });
  const shipping: Plugin = {
    onExecutionResult({ request, result, context, setResult }) {
      if (!result || isAsyncIterable(result)) return;
      const trace = tracing.get(request)?.traces.get(context)?.trace;
      if (!trace) return;
      const ftv1 = Buffer.from(Trace.encode(trace).finish()).toString('base64');
      setResult({ ...result, extensions: { ...('extensions' in result ? result.extensions : {}), ftv1 } });
    },
  };
  return {
    onPluginInit({ addPlugin }) {
      addPlugin(instrumentation);
      addPlugin(shipping);
    },
  };
}

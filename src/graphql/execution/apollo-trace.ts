import { Trace } from '@apollo/usage-reporting-protobuf';
import { useApolloInstrumentation } from '@graphql-yoga/plugin-apollo-inline-trace';
import { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

/** Whether a router requests a trace (Apollo Federation, "federated tracing"). */
export const requestsTrace = (headers: Readonly<Record<string, unknown>>): boolean =>
  headers['apollo-federation-include-trace'] === 'ftv1';

/** Replaces every error in a trace. The trace contains the path; the response contains the masked message. */
const maskedError = new GraphQLError('The field failed; see the errors in the response.');

/**
 * Adds the trace of an operation to its response as `extensions.ftv1`: the time of each field, and which fields failed.
 *
 * The library's `useApolloInlineTrace` does the same, but passes every byte of the trace as an argument of one function call,
 * which fails for the traces of large pages.
 */
export function inlineTrace(): Plugin {
  const [instrumentation, tracing] = useApolloInstrumentation({ rewriteError: () => maskedError });
  const addTrace: Plugin = {
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
      addPlugin(addTrace);
    },
  };
}

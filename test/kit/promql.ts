import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A condition of a selector, such as `error_type!=""`. */
export interface LabelMatcher {
  label: string;
  operator: string;
  value: string;
}

/** Whether a series has a label value that a matcher selects. A label that it lacks is empty. */
export function matches(labels: Readonly<Record<string, string>>, { label, operator, value }: LabelMatcher): boolean {
  const found = labels[label] ?? '';
  const isEqual = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(found) : found === value;
  return operator.startsWith('!') ? !isEqual : isEqual;
}

/** What a PromQL expression reads. */
export interface PromqlUse {
  /** Each selected metric, with its matchers. */
  metrics: { name: string; matchers: LabelMatcher[] }[];
  /** The labels that it groups by. */
  grouping: string[];
}

/** Parses an expression. @throws if it has a syntax error. */
export function parsePromql(expression: string): PromqlUse {
  const use: PromqlUse = { metrics: [], grouping: [] };
  const textOf = ({ from, to }: Pick<SyntaxNode, 'from' | 'to'>) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter({ node, type }) {
      if (type.isError) throw new Error(`Syntax error at ${node.from} of: ${expression}`);
      if (type.name === 'VectorSelector')
        use.metrics.push({ name: metricOf(node, textOf), matchers: matchersOf(node, textOf) });
      if (type.name === 'GroupingLabels')
        use.grouping.push(
          ...textOf(node)
            .replaceAll(/[()\s]/g, '')
            .split(',')
            .filter(Boolean),
        );
    },
  });
  return use;
}

function metricOf(selector: SyntaxNode, textOf: (node: SyntaxNode) => string): string {
  const name = selector.getChild('Identifier');
  return name ? textOf(name) : '';
}

function matchersOf(selector: SyntaxNode, textOf: (node: SyntaxNode) => string): LabelMatcher[] {
  const matchers = selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return matchers.map((matcher) => {
    const [label = '', operator = '', value = '""'] = ['LabelName', 'MatchOp', 'StringLiteral'].map((name) => {
      const child = matcher.getChild(name);
      return child ? textOf(child) : undefined;
    });
    return { label, operator, value: JSON.parse(value) };
  });
}

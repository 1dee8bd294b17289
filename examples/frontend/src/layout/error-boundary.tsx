import { Component, type ReactNode } from 'react';

interface Props {
  /** When it changes, the children are rendered again. */
  resetKey: string;
  /** @param attempt a new number for each click on "Try again"; as `fetchKey`, it makes Relay send the query again. */
  children: (attempt: number) => ReactNode;
}

interface State {
  error?: Error;
  attempt: number;
}

/** Renders the error of a query and a button to retry it. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { attempt: 0 };

  static getDerivedStateFromError(error: Error): Partial<State> {
    return { error };
  }

  override componentDidUpdate({ resetKey }: Props, { error }: State): void {
    // The children that a new key renders can fail in the same update: their error stays.
    if (error && error === this.state.error && resetKey !== this.props.resetKey) this.setState({ error: undefined });
  }

  override render() {
    const { error, attempt } = this.state;
    if (!error) return this.props.children(attempt);
    return (
      <div className="empty" role="alert">
        <p>{error.message}</p>
        <button type="button" onClick={() => this.setState({ error: undefined, attempt: attempt + 1 })}>
          Try again
        </button>
      </div>
    );
  }
}

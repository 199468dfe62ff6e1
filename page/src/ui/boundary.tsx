import { Component, type ReactNode } from 'react';

interface BoundaryProps {
  /** The data that the children show. Another value is tried again. */
  of: unknown;
  children: ReactNode;
}

/** Shows a note in place of data that cannot be drawn, so that the rest of the page stays. */
export class Boundary extends Component<BoundaryProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (this.state.hasFailed && before.of !== this.props.of) this.setState({ hasFailed: false });
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return <p className="item note">This entry cannot be shown.</p>;
  }
}

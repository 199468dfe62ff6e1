import { Component, type ReactNode } from 'react';

interface BoundaryProps {
  /** The item that is drawn. A component that has failed is tried again with another one. */
  readonly item: unknown;
  readonly children?: ReactNode;
}

interface BoundaryState {
  readonly item: unknown;
  readonly hasFailed: boolean;
}

/** Draws nothing in place of a component that throws, for example because a prop is not there yet. */
export class ComponentBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { item: this.props.item, hasFailed: false };

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { hasFailed: true };
  }

  static getDerivedStateFromProps(
    { item }: BoundaryProps,
    state: BoundaryState,
  ): BoundaryState | null {
    return item === state.item ? null : { item, hasFailed: false };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? null : this.props.children;
  }
}

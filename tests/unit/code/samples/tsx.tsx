import React, { useState } from 'react';

export interface Props {
  label: string;
  onSelect?: (id: number) => void;
}

type State = { open: boolean };

export const DEFAULTS: Props = { label: 'none' };

export function Badge({ label }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const toggle = () => setOpen(!open);
  return (
    <span className="badge" onClick={toggle}>
      {label} is {open ? 'open' : "closed"}
    </span>
  );
}

export const List: React.FC<{ items: Props[] }> = ({ items }) => (
  <ul>
    {items.map((item) => (
      <li key={item.label}>
        <Badge {...item} />
      </li>
    ))}
  </ul>
);

export default class Panel extends React.Component<Props, State> {
  state: State = { open: false };

  handleClick = () => {
    this.setState({ open: true });
  };

  render() {
    return <div onClick={this.handleClick}>{this.props.label}</div>;
  }
}

const Memoised = React.memo(Badge);

enum Size {
  Small,
  Large,
}

export const useToggle = <T,>(initial: T) => {
  return useState<T>(initial);
};

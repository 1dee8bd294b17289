import { type ReactNode, useEffect, useRef } from 'react';
import { RetryNotice } from '../relay/retry-notice.tsx';

interface Props {
  label: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A dialog at the side of the window. Escape, the close button and a click next to it close it. A modal dialog hides the rest
 * of the page from assistive technology, so it renders its own RetryNotice.
 */
export function Panel({ label, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="panel" aria-label={label} closedby="any" onClose={onClose}>
      <form method="dialog">
        <button type="submit" className="close" aria-label="Close">
          ×
        </button>
      </form>
      {children}
      <RetryNotice />
    </dialog>
  );
}

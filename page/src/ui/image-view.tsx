import { useRef } from 'react';

/** An image of the conversation. A click shows it in its full size. */
export function ImageView({ url, alt }: { url: string; alt: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button
        type="button"
        className="image"
        title="Enlarge"
        onClick={() => dialog.current?.showModal()}
      >
        <img src={url} alt={alt} />
      </button>
      <dialog
        ref={dialog}
        className="image-dialog"
        aria-label={alt}
        onClick={() => dialog.current?.close()}
      >
        <img src={url} alt={alt} />
        <button type="button" autoFocus>
          Close
        </button>
      </dialog>
    </>
  );
}

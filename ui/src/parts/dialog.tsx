import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { t } from "@/words/translate";
import { Button } from "./button";

const PLACES = {
  middle: "m-auto max-h-[85dvh] w-[min(560px,calc(100vw-24px))] rounded-xl",
  top: "mx-auto mt-[10dvh] max-h-[70dvh] w-[min(600px,calc(100vw-24px))] rounded-xl",
  right: "my-0 mr-0 ml-auto h-dvh max-h-none w-[min(560px,100vw)] rounded-none border-y-0 border-r-0",
  bottom: "mx-auto mt-auto mb-0 w-full max-w-none rounded-t-xl rounded-b-none border-x-0 border-b-0",
};

/** A native modal dialog: focus, Escape and the page behind it are the browser's. */
export function Dialog(props: {
  place: keyof typeof PLACES;
  label: string;
  title?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const { place, label, title, onClose, children } = props;
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      (dialog.querySelector("input") ?? dialog).focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key for a click beside the dialog.
    <dialog
      ref={element}
      tabIndex={-1}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === element.current && onClose()}
      className={`overflow-hidden border border-line-strong outline-none bg-surface p-0 text-text shadow-2xl ${PLACES[place]}`}
    >
      <div className="flex h-full max-h-[inherit] flex-col">
        {title && (
          <div className="flex min-w-0 items-center gap-3 border-line border-b px-5 py-3">
            <h2 className="m-0 min-w-0 grow truncate font-semibold text-lg">{title}</h2>
            <Button look="quiet" aria-label={t("action.close")} title={t("action.close")} onClick={onClose}>
              <X size={16} aria-hidden="true" />
            </Button>
          </div>
        )}
        {children}
      </div>
    </dialog>
  );
}

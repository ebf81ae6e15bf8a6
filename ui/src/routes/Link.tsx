import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { go, resolve, type Target, useAddressOf } from "./address";

type Props = Target & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">;

/** A link to another screen. It is `data-status="active"` where it leads to the present one or to what is above it. */
export function Link({ to, params, search, onClick, ...rest }: Props) {
  const target: Target = { to, ...(params && { params }), ...(search && { search }) };
  const { path, href } = resolve(target);
  const isActive = useAddressOf(
    (address) => address.path === path || (path !== "/" && address.path.startsWith(`${path}/`)),
  );
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    // A new tab, a new window or a download is the browser's.
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    go(target, "push");
  };
  const active = isActive ? { "data-status": "active", "aria-current": "page" as const } : {};
  return <a {...rest} {...active} href={href} onClick={click} />;
}

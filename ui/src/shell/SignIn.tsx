import { type FormEvent, useState } from "react";
import { FETCHED, Refusal, ROOT } from "@/api/request";
import { Button } from "@/parts/button";
import { t } from "@/words/translate";

/** Exchanges a token, or a name and a password, for a cookie. */
export function SignIn({ detail, onDone }: { detail: string; onDone: () => void }) {
  const [answer, setAnswer] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const user = String(form.get("user") ?? "");
    const secret = String(form.get("secret") ?? "");
    setBusy(true);
    setAnswer(await signIn(user === "" ? { token: secret } : { user, password: secret }));
    setBusy(false);
    onDone();
  };
  const field = "h-9 w-full rounded-md border border-line-strong bg-page px-3 text-base text-text";
  return (
    <form className="panel mx-auto mt-8 grid max-w-sm gap-4 p-6" onSubmit={(event) => void submit(event)}>
      <h1 className="m-0 font-semibold text-xl">{t("signIn.title")}</h1>
      <p className="m-0 text-muted">{detail}</p>
      <label className="grid gap-1.5 font-medium">
        {t("signIn.user")}
        <input name="user" autoComplete="username" className={field} />
      </label>
      <label className="grid gap-1.5 font-medium">
        {t("signIn.secret")}
        <input name="secret" type="password" autoComplete="current-password" required className={field} />
      </label>
      {answer && (
        <p role="alert" className="m-0 text-bad">
          {answer}
        </p>
      )}
      <Button type="submit" look="strong" disabled={isBusy}>
        {t("signIn.submit")}
      </Button>
    </form>
  );
}

async function signIn(body: object): Promise<string> {
  try {
    const headers = { "content-type": "application/json", ...FETCHED };
    const response = await fetch(`${ROOT}login`, { method: "POST", headers, body: JSON.stringify(body) });
    if (response.ok) return "";
    const refusal = await Refusal.from(response);
    return refusal.detail || refusal.title;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

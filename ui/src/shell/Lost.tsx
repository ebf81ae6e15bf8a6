import { Empty } from "@/parts/card";
import { Link } from "@/routes/Link";
import { t } from "@/words/translate";

/** An address where nothing stands. */
export function Lost() {
  return (
    <div className="panel mx-auto mt-8 max-w-xl">
      <Empty title={t("lost.title")}>
        <Link to="/" className="text-ok">
          {t("lost.home")}
        </Link>
      </Empty>
    </div>
  );
}

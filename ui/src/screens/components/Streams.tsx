import type { Stream } from "@/api";
import { useWorld } from "@/live/store";
import { Card, Empty } from "@/parts/card";
import { type Column, DataTable } from "@/parts/data-table";
import { Name } from "@/parts/name";
import { integer, rate } from "@/words/format";
import { t } from "@/words/translate";

/** The streams in figures. */
export function Streams() {
  const streams = useWorld((world) => world.streams);
  return (
    <Card title={t("streams.title")} isFlush side={<span className="figures">{integer(streams.length)}</span>}>
      {streams.length === 0 ? (
        <Empty title={t("empty.streams")}>{t("empty.streamsHelp")}</Empty>
      ) : (
        <DataTable
          label={t("streams.title")}
          columns={columns()}
          rows={streams}
          keyOf={(stream) => stream.key}
          sortDefault="-messageRate"
        />
      )}
    </Card>
  );
}

function columns(): Column<Stream>[] {
  const number = (
    id: "active" | "queue_depth" | "messages" | "backpressure_events",
    title: string,
  ): Column<Stream> => ({
    id,
    title,
    value: (stream) => stream[id],
    cell: (stream) => integer(stream[id]),
    isNumber: true,
  });
  return [
    {
      id: "stream",
      title: t("column.stream"),
      value: (stream) => stream.name,
      cell: (stream) => <Name text={stream.name} className="max-w-60 font-medium" />,
    },
    {
      id: "way",
      title: t("column.way"),
      value: (stream) => `${stream.from} ${stream.to}`,
      cell: (stream) => (
        <span className="inline-flex max-w-80 items-center gap-1.5">
          <Name text={stream.from} /> <span aria-hidden="true">→</span> <Name text={stream.to} />
        </span>
      ),
    },
    {
      id: "messageRate",
      title: t("column.messagesPerSecond"),
      value: (stream) => stream.messages_per_second,
      cell: (stream) => rate(stream.messages_per_second),
      isNumber: true,
    },
    number("messages", t("column.messages")),
    number("active", t("column.active")),
    number("queue_depth", t("column.queueDepth")),
    number("backpressure_events", t("column.backpressure")),
  ];
}

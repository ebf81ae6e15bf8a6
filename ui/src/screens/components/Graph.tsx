import { useMemo } from "react";
import { useWorld } from "@/live/store";
import type { World } from "@/live/world";
import { Card } from "@/parts/card";
import { INK, type Kind, kindOf } from "@/parts/mark";
import { rate } from "@/words/format";
import { t, word } from "@/words/translate";
import { layout, type Placed, route, type Spot } from "./layout";

const NODE = { width: 160, height: 46 };
const STEP = { x: 222, y: 62 };
const NODES_MAX = 60;
const NAME_MAX = 20;

/** How components are wired, and how much flows. A drawing of the table below it. */
export function Graph() {
  const streams = useWorld((world) => world.streams);
  const components = useWorld((world) => world.components);
  const shape = streams.map((stream) => JSON.stringify([stream.from, stream.to])).join("\n");
  const placed = useMemo(() => {
    const edges = shape === "" ? [] : shape.split("\n").map((line) => JSON.parse(line) as [string, string]);
    return layout(edges.filter(([from, to]) => from && to).map(([from, to]) => ({ from, to })));
  }, [shape]);
  if (placed.nodes.length === 0 || placed.nodes.length > NODES_MAX) return null;
  const places = new Map(placed.nodes.map((node) => [node.name, node]));
  const width = (placed.layers - 1) * STEP.x + NODE.width + 2;
  const height = (placed.rows - 1) * STEP.y + NODE.height + 2;
  return (
    <Card title={t("streams.graph")}>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t("streams.graph")}>
        <svg
          width={width}
          height={height}
          viewBox={`-1 -1 ${width} ${height}`}
          role="img"
          aria-label={t("streams.graphAbout", { count: placed.nodes.length })}
          className="block"
        >
          {streams.map((stream) => (
            <EdgeLine
              key={stream.key}
              stream={stream}
              from={places.get(stream.from)}
              to={places.get(stream.to)}
              via={placed.routes.get(route(stream)) ?? []}
            />
          ))}
          {placed.nodes.map((node) => (
            <NodeBox key={node.name} node={node} status={statusOf(components, node.name)} />
          ))}
        </svg>
      </div>
    </Card>
  );
}

function statusOf(components: World["components"], name: string): string | null {
  return components.find((one) => one.name === name)?.status ?? null;
}

function EdgeLine(props: {
  stream: World["streams"][number];
  from: Placed | undefined;
  to: Placed | undefined;
  via: Spot[];
}) {
  const { stream, from, to, via } = props;
  if (!from || !to || from === to) return null;
  const x2 = to.layer * STEP.x - 6;
  const y2 = to.row * STEP.y + NODE.height / 2;
  const perSecond = stream.messages_per_second ?? 0;
  const isBusy = perSecond > 0;
  return (
    <g className={isBusy ? "text-ok" : "text-off"}>
      <path
        d={way(from, via, { x: x2, y: y2 })}
        fill="none"
        stroke="currentColor"
        strokeOpacity="0.75"
        strokeWidth={Math.min(4, 1.2 + Math.log10(1 + perSecond))}
        strokeDasharray={isBusy ? undefined : "4 4"}
      />
      <path d={`M${x2},${y2 - 4}l7,4l-7,4Z`} fill="currentColor" />
      <text
        x={x2 - 8}
        y={y2 - 6}
        fontSize="11"
        textAnchor="end"
        fill="var(--muted)"
        stroke="var(--surface)"
        strokeWidth="4"
        paintOrder="stroke"
        className="figures"
      >
        {rate(stream.messages_per_second)}/s
      </text>
    </g>
  );
}

/** From the right of a node, through what lies between, to the left of another; straight where it passes, bent where it turns. */
function way(from: Spot, via: Spot[], end: { x: number; y: number }): string {
  const middle = (spot: Spot) => spot.row * STEP.y + NODE.height / 2;
  let at = { x: from.layer * STEP.x + NODE.width, y: middle(from) };
  let path = `M${at.x},${at.y}`;
  const bendTo = (next: { x: number; y: number }) => {
    const bend = Math.max(24, Math.abs(next.x - at.x) / 2);
    path += `C${at.x + bend},${at.y} ${next.x - bend},${next.y} ${next.x},${next.y}`;
    at = next;
  };
  for (const spot of via) {
    bendTo({ x: spot.layer * STEP.x, y: middle(spot) });
    at = { x: at.x + NODE.width, y: at.y };
    path += `H${at.x}`;
  }
  bendTo(end);
  return path;
}

function NodeBox({ node, status }: { node: Placed; status: string | null }) {
  const kind: Kind = status ? kindOf(status) : "off";
  const x = node.layer * STEP.x;
  const y = node.row * STEP.y;
  const name = node.name.length > NAME_MAX ? `${node.name.slice(0, NAME_MAX - 1)}…` : node.name;
  return (
    <g className={INK[kind]}>
      <title>{node.name.slice(0, 300)}</title>
      <rect x={x} y={y} {...NODE} rx="7" fill="var(--raised)" stroke="var(--line-strong)" />
      <rect x={x} y={y + 8} width="4" height={NODE.height - 16} rx="2" fill="currentColor" />
      <text x={x + 16} y={y + 20} fontSize="13" fontWeight="500" fill="var(--text)">
        {name}
      </text>
      <text x={x + 16} y={y + 36} fontSize="11" fill="var(--muted)">
        {status ? word("state", status) : t("streams.notReported")}
      </text>
    </g>
  );
}

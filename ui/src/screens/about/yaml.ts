/** A value as YAML, for reading: scalars are quoted where a reader would take them for something else. */
export function yamlLines(value: unknown, indent = ""): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const [first = "", ...rest] = yamlLines(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => {
      const isNested = typeof item === "object" && item !== null && Object.keys(item).length > 0;
      return isNested ? [`${indent}${key}:`, ...yamlLines(item, `${indent}  `)] : [`${indent}${key}: ${scalar(item)}`];
    });
  }
  return [`${indent}${scalar(value)}`];
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return "[]";
  if (typeof value === "object" && value !== null) return "{}";
  if (typeof value !== "string") return String(value);
  const isPlain = /^[A-Za-z./_][\w ./@%-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

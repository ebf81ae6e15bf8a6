import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { setPreference } from "@/preferences/preferences";
import { en } from "@/words/en";
import * as format from "@/words/format";
import { ptBr } from "@/words/pt-br";
import { loadLanguage, plural, t, word } from "@/words/translate";

afterEach(async () => {
  setPreference("bytes", "binary");
  await loadLanguage("en");
});

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : [path];
  });
}

describe("the dictionaries", () => {
  const code = sources("src")
    .filter((path) => /\.tsx?$/.test(path) && !path.includes("/words/"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");

  it("hold the same keys and the same places for values", () => {
    expect(Object.keys(ptBr)).toEqual(Object.keys(en));
    const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const [key, text] of Object.entries(en)) {
      expect(text, key).not.toBe("");
      expect(places(ptBr[key as keyof typeof en]), key).toEqual(places(text));
    }
  });

  it("hold nothing that is not said", () => {
    const built = /^(state|level|event|signal|column|warn|warnHelp|settings|exporter)\./;
    const unused = Object.keys(en).filter((key) => {
      const stem = key.replace(/\.(one|other)$/, "");
      return !built.test(key) && !code.includes(`"${stem}"`);
    });
    expect(unused).toEqual([]);
  });

  it("put values into their places", async () => {
    expect(t("time.ago", { time: "3 s" })).toBe("3 s ago");
    expect(plural("service.spans", 1, "1")).toBe("1 span");
    expect(word("state", "half_open")).toBe("half-open");
    expect(word("state", "some_new_word")).toBe("some new word");
    await loadLanguage("pt-BR");
    expect(t("time.ago", { time: "3 s" })).toBe("há 3 s");
    expect(format.integer(1_234_567)).toBe("1.234.567");
  });
});

describe("formats", () => {
  it.each([
    [format.integer, 12_345, "12,345"],
    [format.integer, null, "–"],
    [format.integer, Number.NaN, "–"],
    [format.compact, 842, "842"],
    [format.compact, 12_345, "12.3K"],
    [format.rate, 0, "0"],
    [format.rate, 0.424, "0.42"],
    [format.rate, 7.25, "7.3"],
    [format.rate, 128.4, "128"],
    [format.percent, 0, "0%"],
    [format.percent, 0.0042, "0.42%"],
    [format.percent, 0.00001, "< 0.01%"],
    [format.percent, 0.042, "4.2%"],
    [format.percent, 0.42, "42%"],
    [format.score, 0.999, "0.99"],
    [format.score, 1, "1.00"],
    [format.bytes, 512, "512 B"],
    [format.bytes, 50_541_363, "48.2 MiB"],
    [format.bytes, 1_073_741_824, "1.0 GiB"],
    [format.duration, 0, "0 s"],
    [format.duration, 0.0421, "42.1 ms"],
    [format.duration, 2.44, "2.4 s"],
    [format.duration, 75, "1 min 15 s"],
    [format.duration, 3_600, "1 h"],
    [format.duration, 100_000, "1 d 3 h"],
    [format.duration, -5, "0 s"],
    [format.wholeDuration, 61.7, "1 min 1 s"],
  ] as [(value: number | null) => string, number | null, string][])("%o(%s) is %s", (shape, value, text) => {
    expect(shape(value)).toBe(text);
  });

  it("follow the chosen units", () => {
    setPreference("bytes", "decimal");
    expect(format.bytes(50_500_000)).toBe("50.5 MB");
  });
});

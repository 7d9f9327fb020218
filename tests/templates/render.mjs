// node render.mjs - makes the *.html files of this folder from the templates
// of npm packages: `npm install` here first. The files are kept, so that tests
// and benchmarks need neither npm nor a network.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const folder = import.meta.dirname;
const require = createRequire(join(folder, "package.json"));
const packages = process.env.NODE_PATH || join(folder, "node_modules");

const write = (name, html) => writeFileSync(join(folder, `${name}.html`), html);

// Foundation's templates have "#" for every link
function foundation() {
  const from = join(packages, "foundation-emails/.download/templates");
  for (const file of readdirSync(from)) {
    let n = 0;
    const html = readFileSync(join(from, file), "utf8").replace(/href="#"/g, () =>
      `href="https://www.acme.example/${file}?link=${++n}&amp;from=mail"`);
    write(`foundation-${file.replace(".html", "")}`, html);
  }
}

async function mjml() {
  const mjml2html = require(join(packages, "mjml"));
  const source = readFileSync(join(folder, "newsletter.mjml"), "utf8");
  const result = await (mjml2html.default || mjml2html)(source);
  write("mjml-newsletter", result.html);
}

async function reactEmail() {
  const from = join(packages, "create-email/template/emails");
  const work = mkdtempSync(join(packages, ".render-"));
  try {
    for (const file of readdirSync(from).filter((name) => name.endsWith(".tsx"))) {
      const name = file.replace(".tsx", "");
      const out = join(work, `${name}.mjs`);
      execFileSync(join(packages, ".bin/esbuild"), [join(from, file), "--bundle",
        "--platform=node", "--format=esm", "--jsx=automatic", "--packages=external",
        `--alias:react-email=@react-email/components`, `--outfile=${out}`],
        { stdio: ["ignore", "ignore", "inherit"] });
      const { default: Email } = await import(out);
      const { render } = await import(require.resolve(join(packages, "@react-email/render")));
      const { createElement } = await import(require.resolve(join(packages, "react")));
      write(`react-email-${name}`, await render(createElement(Email, Email.PreviewProps)));
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

foundation();
await mjml();
await reactEmail();

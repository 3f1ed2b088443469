// GitHub's own parser of workflow files, and its own evaluator of expressions: a line with a JSON question in, a line with its answer out.
import { register } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The packages import JSON without saying so, which node refuses: https://nodejs.org/api/esm.html#import-attributes
const hook = `export const load = (url, context, next) =>
  next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const packages = pathToFileURL(`${process.argv[2]}/node_modules/@actions/`);
const workflows = await import(new URL("workflow-parser/dist/index.js", packages));
const expressions = await import(new URL("expressions/dist/index.js", packages));
const { NoOperationTraceWriter } = await import(new URL("workflow-parser/dist/templates/trace-writer.js", packages));

async function errors(name, content) {
  const parsed = workflows.parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const found = parsed.context.errors.getErrors().map((error) => error.message);
  if (found.length || !parsed.value) return found.length ? found : ["empty"];
  const template = await workflows.convertWorkflowTemplate(parsed.context, parsed.value);
  return [...found, ...(template.errors ?? []).map((error) => error.Message ?? error.message)];
}

function value(text, contexts) {
  const known = JSON.parse(JSON.stringify(contexts), expressions.data.reviver);
  const names = Object.keys(contexts);
  const tree = new expressions.Parser(new expressions.Lexer(text).lex().tokens, names, []).parse();
  return new expressions.Evaluator(tree, known).evaluate().coerceString();
}

async function answered(asked) {
  const answer = { errors: {}, values: [] };
  for (const [name, content] of Object.entries(asked.files)) answer.errors[name] = await errors(name, content);
  for (const { text, contexts } of asked.expressions) answer.values.push(value(text, contexts));
  return answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await answered(JSON.parse(line)).catch((error) => ({ failed: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

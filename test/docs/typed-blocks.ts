import { join } from 'node:path';
import ts from 'typescript';
import { type Block, ROOT } from './markdown.js';

/**
 * Compiles blocks of TypeScript, each as a file of its own, as in a strict host.
 *
 * @returns a sentence for each problem, with the line in the document
 */
export function checkTypes(blocks: readonly Block[]): string[] {
  const files = new Map(
    blocks.map((block) => [join(ROOT, 'test/docs', `${nameOf(block)}.ts`), block] as const),
  );
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const withBlocks: ts.CompilerHost = {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path)?.code ?? host.readFile(path),
    getSourceFile: (path, version) => {
      const block = files.get(path);
      return block
        ? ts.createSourceFile(path, block.code, version)
        : host.getSourceFile(path, version);
    },
  };
  const program = ts.createProgram(
    [...files.keys()],
    { ...options, noUnusedLocals: false },
    withBlocks,
  );
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map((diagnostic) => describeProblem(diagnostic, files.get(path) as Block));
  });
}

export function nameOf({ path, line }: Block): string {
  return `${path.replaceAll(/\W/g, '-')}-${line}`;
}

function describeProblem({ file, start = 0, messageText }: ts.Diagnostic, block: Block): string {
  const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + block.line;
  return `${block.path}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}

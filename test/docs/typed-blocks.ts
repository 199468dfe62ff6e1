import { join } from 'node:path';
import ts from 'typescript';
import { type Block, ROOT } from './markdown.js';

/** A problem that the compiler reports: its file, its line from 1, and a sentence. */
export interface TypeProblem {
  path: string;
  line: number;
  text: string;
}

/** Compiles files that exist in memory only, by their path, with the options of a strict host. */
export function findTypeProblems(
  files: ReadonlyMap<string, string>,
  own: ts.CompilerOptions = {},
): TypeProblem[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const withFiles: ts.CompilerHost = {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    getSourceFile: (path, version) => {
      const code = files.get(path);
      return code === undefined
        ? host.getSourceFile(path, version)
        : ts.createSourceFile(path, code, version);
    },
  };
  const program = ts.createProgram([...files.keys()], { ...options, ...own }, withFiles);
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ file, start = 0, messageText }) => ({
      path,
      line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1,
      text: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
  });
}

/** The options of a page with components. */
export const PAGE: ts.CompilerOptions = {
  jsx: ts.JsxEmit.ReactJSX,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
};

/**
 * Compiles blocks of TypeScript, each as a file of its own, as in a strict host.
 *
 * @returns a sentence for each problem, with the line in the document
 */
export function checkTypes(blocks: readonly Block[], options: ts.CompilerOptions = {}): string[] {
  const byPath = new Map(
    blocks.map(
      (block) => [join(ROOT, 'test/docs', `${nameOf(block)}.${block.language}`), block] as const,
    ),
  );
  const files = new Map([...byPath].map(([path, { code }]) => [path, code]));
  return findTypeProblems(files, { noUnusedLocals: false, ...options }).map(
    ({ path, line, text }) => {
      const block = byPath.get(path) as Block;
      return `${block.path}:${line + block.line - 1}: ${text}`;
    },
  );
}

export function nameOf({ path, line }: Block): string {
  return `${path.replaceAll(/\W/g, '-')}-${line}`;
}

// Adds to jest's own report: every test of a slow suite as it ends, and after the run what was skipped
// and why, and which suites did not run.
import { SUITES } from '../suites.js';

const suite = process.env['TEST_SUITE'];

export default class SuiteReporter {
  onTestCaseResult(test, result) {
    // A file of `main` takes seconds, a file of another suite may take minutes.
    if (suite === undefined || suite === 'main' || result.status === 'pending') return;
    const sign = result.status === 'passed' ? '✓' : '✗';
    const seconds = ((result.duration ?? 0) / 1000).toFixed(1);
    process.stderr.write(`  ${sign} ${seconds} s  ${result.fullName}\n`);
  }

  onRunComplete(_contexts, { testResults }) {
    const skipped = new Map();
    for (const { fullName, status } of testResults.flatMap((file) => file.testResults)) {
      if (status !== 'pending') continue;
      const reason = /\[skipped: (.*)\]/.exec(fullName)?.[1] ?? 'No reason was given.';
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    }
    const lines = [...skipped].map(
      ([reason, count]) => `Skipped ${count} ${count === 1 ? 'test' : 'tests'}: ${reason}`,
    );
    if (suite === 'main') {
      const others = Object.keys(SUITES).filter((name) => name !== 'main');
      lines.push(
        `Other suites: npm run ${others.map((name) => `test:${name}`).join(', ')}; test:all`,
      );
    }
    // After jest's summary, which comes after the reporters.
    if (lines.length > 0) {
      process.once('exit', () => process.stderr.write(`\n${lines.join('\n')}\n`));
    }
  }
}

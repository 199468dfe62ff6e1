import { describe, expect, it } from '@jest/globals';
// @ts-expect-error -- plain JavaScript, like the other rules of this repository
import { findDockerfileProblems, findWorkflowProblems } from '../../lint/check-delivery.mjs';
import { readDocument } from '../docs/markdown.js';

const dockerfile = readDocument('Dockerfile');
const workflow = readDocument('.github/workflows/ci.yml');

describe('The linter of the Dockerfile', () => {
  it('accepts the Dockerfile of this project', () => {
    expect(findDockerfileProblems(dockerfile)).toEqual([]);
  });

  it.each([
    ['an unknown instruction', 'USER node', 'USERS node', /unknown instruction/i],
    ['an unknown flag', '--interval=30s', '--intervall=30s', /unknown flag/i],
    ['a relative folder', 'WORKDIR /app', 'WORKDIR app', /absolute/i],
    ['a last stage that runs as root', 'USER node', 'USER root', /root/],
    ['a last stage without a user', 'USER node\n', '', /root/],
    ['an image without a version', 'FROM node:24-bookworm-slim AS', 'FROM node AS', /no version/],
    ['a missing health check', 'HEALTHCHECK --', 'LABEL --', /HEALTHCHECK/],
  ])('rejects %s', (_, before, after, problem) => {
    const broken = dockerfile.replace(before, after);

    expect(broken).not.toBe(dockerfile);
    expect(findDockerfileProblems(broken).join('\n')).toMatch(problem);
  });
});

describe('The linter of workflows', () => {
  it('accepts the workflow of this project', async () => {
    expect(await findWorkflowProblems(workflow)).toEqual([]);
  });

  it.each([
    ['an unknown runner', 'ubuntu-latest', 'ubuntu-newest', /ubuntu-newest/],
    ['an unknown key', 'runs-on:', 'run-on:', /run-on/],
    ['an unknown context', 'matrix.node', 'matrix.nodes', /nodes/],
  ])('rejects %s', async (_, before, after, problem) => {
    const broken = workflow.replace(before, after);

    expect((await findWorkflowProblems(broken)).join('\n')).toMatch(problem);
  });
});

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const packages = join(import.meta.dirname, '../packages')

/** The leaf files of core: they may be imported from everywhere in it. */
const LEAVES = [
  'auth-request',
  'bounded-map',
  'clock',
  'environments',
  'errors',
  'events',
  'redact',
  'seal',
  'token-set',
]

/**
 * Which room may import which. A room is a package, or a folder of core (`core/.` is its root, where
 * everything is put together). `types:x` allows `import type` alone. `node:` is always allowed.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'core/leaf': ['core/leaf'],
  'core/oauth': ['core/leaf', 'npm:oauth4webapi'],
  'core/state': ['core/leaf'],
  'core/tokens': ['core/leaf'],
  'core/api': ['core/leaf', 'types:core/tokens', 'npm:undici'],
  'core/sign-in': ['core/leaf', 'types:core/api', 'types:core/tokens'],
  'core/http': [
    'core/leaf',
    'core/oauth',
    'core/sign-in',
    'core/state',
    'types:core/api',
    'types:core/tokens',
    'npm:cookie',
  ],
  'core/node': ['core/node', 'types:core/leaf', 'types:core/tokens'],
  'core/.': [
    'core/leaf',
    'core/oauth',
    'core/state',
    'core/tokens',
    'core/api',
    'core/sign-in',
    'core/http',
  ],
  express: ['@procore-auth/core', '@procore-auth/core/node'],
  koa: ['@procore-auth/core', '@procore-auth/core/node', 'types:npm:koa'],
  fastify: ['@procore-auth/core', '@procore-auth/core/node', 'types:npm:fastify'],
  fetch: ['@procore-auth/core'],
  nestjs: [
    '@procore-auth/core',
    '@procore-auth/core/node',
    'npm:@nestjs/common',
    'npm:@nestjs/core',
  ],
  'passport-strategy': ['@procore-auth/core', '@procore-auth/core/node', 'npm:passport-oauth2'],
  conformance: ['types:@procore-auth/core', '@procore-auth/simulator'],
  'store-sqlite': ['types:@procore-auth/core'],
  simulator: ['npm:hono', 'npm:@hono/node-server'],
  'store-postgres': ['types:@procore-auth/core'],
  'store-redis': ['types:@procore-auth/core'],
}

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

function roomOf(file: string): string {
  const [name = '', , ...path] = file.split(sep)
  if (name !== 'core') return name
  if (path.length > 1) return `core/${path[0]}`
  return LEAVES.includes((path[0] ?? '').replace(/\.[jt]s$/, '')) ? 'core/leaf' : 'core/.'
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return roomOf(normalize(join(dirname(file), specifier)))
  if (specifier.startsWith('@procore-auth/')) return specifier
  const [scopeOrName = '', name = ''] = specifier.split('/')
  return `npm:${scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName}`
}

function importsOf(file: string, source: string): Import[] {
  const statements = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/g,
  )
  return [...statements].flatMap(([, typeOnly, statically, lazily]) => {
    const specifier = statically ?? lazily ?? ''
    if (specifier.startsWith('node:')) return []
    return [{ target: targetOf(file, specifier), typeOnly: typeOnly !== undefined }]
  })
}

/** Returns the imports of a file that its room may not have. */
function forbidden(file: string, source: string): string[] {
  const room = roomOf(file)
  const allowed = [room, ...(MAY_IMPORT[room] ?? [])]
  return importsOf(file, source)
    .filter(
      ({ target, typeOnly }) =>
        !allowed.includes(target) && !(typeOnly && allowed.includes(`types:${target}`)),
    )
    .map(({ target }) => target)
}

const files = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[^/\\]+[/\\]src[/\\].*\.ts$/.test(file))
  .sort()

describe('the import table', () => {
  test('knows every room that there is', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in MAY_IMPORT))).toEqual([])
    expect(files.length).toBeGreaterThan(50)
  })

  test.each(files)('%s imports only what its room may', (file) => {
    expect(forbidden(file, readFileSync(join(packages, file), 'utf8'))).toEqual([])
  })

  test.each([
    ['core/src/oauth/x.ts', `import { y } from '../http/y.js'`],
    ['core/src/oauth/x.ts', `export { y } from '../tokens/y.js'`],
    ['core/src/tokens/x.ts', `import { y } from '../oauth/y.js'`],
    ['core/src/api/x.ts', `import {\n  y,\n} from '../tokens/y.js'`],
    ['core/src/errors.ts', `import { y } from './options.js'`],
    ['core/src/http/x.ts', `import express from 'express'`],
    ['core/src/http/x.ts', `const y = await import('undici')`],
    ['express/src/x.ts', `import { y } from '../../core/src/index.js'`],
    ['simulator/src/x.ts', `import '@procore-auth/core'`],
  ])('%s may not contain: %s', (file, source) => {
    expect(forbidden(file.split('/').join(sep), source)).toHaveLength(1)
  })
})

describe('packages', () => {
  test('core depends on oauth4webapi, undici and cookie alone', () => {
    const manifest: { readonly dependencies: object } = JSON.parse(
      readFileSync(join(packages, 'core/package.json'), 'utf8'),
    )
    expect(Object.keys(manifest.dependencies)).toEqual(['cookie', 'oauth4webapi', 'undici'])
  })

  test.each([
    ['express', 100],
    ['koa', 100],
    ['fastify', 100],
    ['fetch', 100],
    ['nestjs', 300],
    ['passport-strategy', 400],
  ])('the adapter %s has at most %i lines of code', (adapter, limit) => {
    const lines = files
      .filter((file) => roomOf(file) === adapter)
      .flatMap((file) => readFileSync(join(packages, file), 'utf8').split('\n'))
      .filter((line) => line.trim() !== '' && !/^\s*(\/\*|\*|\/\/)/.test(line))
    expect(lines.length).toBeLessThanOrEqual(limit)
  })
})

describe('sources', () => {
  const core = files.filter((file) => file.startsWith('core'))

  test.each([
    ['the environment is read in options.ts alone', /process\.env\b/, ['core/src/options.ts']],
    ['nothing is random without node:crypto', /Math\.random/, []],
    ['nothing is written to the console', /\bconsole\./, []],
  ])('%s', (_rule, pattern, allowed) => {
    const found = core.filter((file) => pattern.test(readFileSync(join(packages, file), 'utf8')))
    expect(found.map((file) => file.split(sep).join('/'))).toEqual(allowed)
  })

  test('the adapter of Web requests uses no module of Node', () => {
    const uses = files.filter(
      (file) =>
        roomOf(file) === 'fetch' && /'node:/.test(readFileSync(join(packages, file), 'utf8')),
    )
    expect(uses).toEqual([])
  })

  test('no module waits at its top, so that require() can load it', () => {
    const waits = files.filter(
      (file) =>
        !/bin\.ts$/.test(file) &&
        /^(const .*= )?await /m.test(readFileSync(join(packages, file), 'utf8')),
    )
    expect(waits).toEqual([])
  })
})

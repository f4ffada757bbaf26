import { execFile } from 'node:child_process'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { installPacked } from './support/packed.js'

const nest11 = join(import.meta.dirname, 'nest-11')
const run = promisify(execFile)

test('a CommonJS application of NestJS 11 compiles, requires the package and signs in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'procore-auth-commonjs-'))
  const scope = join(folder, 'node_modules/@nestjs')
  await mkdir(scope, { recursive: true })
  // Linked first, so that the package finds this version and not the workspace's.
  for (const name of await readdir(join(nest11, 'node_modules/@nestjs'))) {
    await symlink(await realpath(join(nest11, 'node_modules/@nestjs', name)), join(scope, name))
  }
  await installPacked(folder, ['core', 'nestjs'])
  await copyFile(join(nest11, 'main.ts'), join(folder, 'main.ts'))
  const tsc = join(import.meta.dirname, '../node_modules/.bin/tsc')
  const modules = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const checks = ['--strict', '--skipLibCheck', 'false']
  const decorators = ['--experimentalDecorators', '--emitDecoratorMetadata']
  const compiled = await run(tsc, [...modules, ...checks, ...decorators, 'main.ts'], {
    cwd: folder,
  }).catch(({ stdout }) => ({ stdout }))
  expect(compiled.stdout).toBe('')
  expect(await readFile(join(folder, 'main.js'), 'utf8')).toContain(
    'require("@procore-auth/nestjs")',
  )
  const version = await readFile(join(scope, 'core/package.json'), 'utf8')
  expect(JSON.parse(version).version).toMatch(/^11\./)
  const { stdout } = await run(process.execPath, ['main.js'], { cwd: folder })
  const { express, fastify } = JSON.parse(stdout)
  for (const answers of [express, fastify]) {
    expect(answers).toMatchObject({
      login: { status: 302, location: 'https://login-sandbox.procore.com/oauth/authorize' },
      who: { body: '{"isAuthenticated":false,"callback":"/auth/procore/callback"}' },
      page: { status: 302, location: '/auth/procore/login' },
      program: { status: 401 },
    })
  }
  await rm(folder, { recursive: true })
})

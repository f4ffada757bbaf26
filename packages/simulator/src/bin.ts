#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { type Command, helpText, readCommand } from './bin-options.js'
import { createSimulator } from './create-simulator.js'
import type { SimulatorOptions } from './options.js'
import type { Simulator } from './simulator.js'

await runCommand(readCommand(process.argv.slice(2)))

async function runCommand(command: Command): Promise<void> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(helpText)
      return
    case 'version':
      process.stdout.write(`${readVersion()}\n`)
      return
    case 'mistake':
      process.stderr.write(`procore-simulator: ${command.message}\nTry --help.\n`)
      process.exitCode = 2
      return
    case 'run':
      await run(command.options)
  }
}

async function run(options: SimulatorOptions): Promise<void> {
  const procore = await createSimulator(options).catch((cause: unknown) => {
    process.stderr.write(`procore-simulator: ${explain(cause)}\n`)
    process.exitCode = 1
    return undefined
  })
  if (procore === undefined) return
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void procore.close())
  }
  process.stdout.write(describe(procore))
}

function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if ('code' in cause && 'port' in cause && cause.code === 'EADDRINUSE') {
    return `Port ${cause.port} is in use. Choose another one with --port.`
  }
  return cause.message
}

function describe({ loginOrigin, apiOrigin, app, serviceApp, users }: Simulator): string {
  const accounts = users.map(({ login, password }) => `  ${login}  ${password}`)
  return `Offline Procore simulator. Stop it with Ctrl+C.

Login  ${loginOrigin}
API    ${apiOrigin}

Accounts
${accounts.join('\n')}

Redirect URIs
${app.redirectUris.map((uri) => `  ${uri}`).join('\n')}

Web application
PROCORE_CLIENT_ID=${app.clientId}
PROCORE_CLIENT_SECRET=${app.clientSecret}
PROCORE_LOGIN_ORIGIN=${loginOrigin}
PROCORE_API_ORIGIN=${apiOrigin}
PROCORE_REDIRECT_URI=${app.redirectUris[0] ?? ''}

Service account (in place of the first two)
PROCORE_CLIENT_ID=${serviceApp.clientId}
PROCORE_CLIENT_SECRET=${serviceApp.clientSecret}
`
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const manifest: unknown = JSON.parse(text)
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return hasVersion ? String(manifest.version) : 'unknown'
}

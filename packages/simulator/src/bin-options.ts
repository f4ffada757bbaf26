import { parseArgs } from 'node:util'
import type { SimulatorOptions } from './options.js'
import { randomHex, systemRandom } from './random.js'

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'run'; readonly options: SimulatorOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'mistake'; readonly message: string }

/** The text of `--help`. */
export const helpText = `Usage: procore-simulator [options]

Starts an offline Procore: a login server and an API server on 127.0.0.1.

  --port N              port of the login server, the API takes N + 1 (default 4010; 0: free ports)
  --refresh-mode MODE   strict: a refresh kills the old pair at once (default)
                        on-use: the old pair dies when the new one is used
  --lifetime SECONDS    lifetime of access tokens (default 5400)
  --redirect-uri URI    registered redirect URI; may be given several times
                        (default http://localhost:4567/callback and
                        http://localhost:4567/auth/procore/callback)
  --client-id ID        client id of the web application (default random)
  --client-secret TEXT  client secret of the web application (default random)
  --help                this text
  --version             the version
`

const flags = {
  port: { type: 'string' },
  'refresh-mode': { type: 'string' },
  lifetime: { type: 'string' },
  'redirect-uri': { type: 'string', multiple: true },
  'client-id': { type: 'string' },
  'client-secret': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const

/**
 * Reads the command line.
 *
 * @param args Arguments behind the program's name.
 * @returns What to do; a mistake carries a message for the terminal.
 */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({ args: [...args], options: flags, strict: true })
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    return {
      kind: 'run',
      options: {
        port: readInteger('--port', values.port ?? '4010', { minimum: 0, maximum: 65534 }),
        refreshMode: readRefreshMode(values['refresh-mode'] ?? 'strict'),
        accessTokenLifetimeSeconds: readInteger('--lifetime', values.lifetime ?? '5400', {
          minimum: 1,
          maximum: 31_536_000,
        }),
        redirectUris: values['redirect-uri']?.map(readRedirectUri),
        app: {
          clientId: readText('--client-id', values['client-id']),
          clientSecret: readText('--client-secret', values['client-secret']),
        },
      },
    }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    return { kind: 'mistake', message: cause.message }
  }
}

function readInteger(
  flag: string,
  value: string,
  range: { readonly minimum: number; readonly maximum: number },
): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= range.minimum && number <= range.maximum) return number
  const { minimum, maximum } = range
  throw new Error(`${flag} takes a whole number from ${minimum} to ${maximum}, not '${value}'.`)
}

function readRefreshMode(value: string): 'strict' | 'on-use' {
  if (value === 'strict' || value === 'on-use') return value
  throw new Error(`--refresh-mode is strict or on-use, not '${value}'.`)
}

function readRedirectUri(value: string): string {
  if (URL.canParse(value) && !value.includes('#')) return value
  throw new Error(`--redirect-uri takes an absolute URI without a fragment, not '${value}'.`)
}

function readText(flag: string, value: string | undefined): string {
  if (value === undefined) return randomHex(systemRandom)
  if (value.trim() !== '') return value
  throw new Error(`${flag} must not be empty.`)
}

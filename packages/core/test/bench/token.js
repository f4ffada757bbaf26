// What a fresh access token costs a caller, next to an empty promise, and how often the store is
// asked. It uses what `tsc -b` has built.
//
//   pnpm bench:token [rounds, default 5]
import { randomBytes } from 'node:crypto'
import { systemClock } from '../../dist/clock.js'
import { EventBus } from '../../dist/events.js'
import { Secret } from '../../dist/redact.js'
import { createRowCipher } from '../../dist/tokens/encryption.js'
import { GrantStore } from '../../dist/tokens/grant-store.js'
import { MemoryTokenStore } from '../../dist/tokens/memory-token-store.js'
import { TokenManager } from '../../dist/tokens/token-manager.js'

const CALLS = 200_000
const rounds = Number(process.argv[2] ?? 5)
const memory = new MemoryTokenStore()
const asked = { get: 0, put: 0, delete: 0, acquireLease: 0, releaseLease: 0 }
const store = Object.fromEntries(
  Object.keys(asked).map((name) => [
    name,
    (...args) => {
      asked[name] += 1
      return memory[name](...args)
    },
  ]),
)
const unexpected = () => Promise.reject(new Error('A fresh token needs no request'))
const createManager = () =>
  new TokenManager({
    grants: new GrantStore({
      store,
      cipher: createRowCipher(undefined, { acceptsPlaintext: false }),
      environment: 'bench',
      clientId: 'bench',
    }),
    events: new EventBus(),
    clock: systemClock,
    randomBytes,
    lostRefresh: 'resend',
    refresh: unexpected,
    requestServiceTokens: unexpected,
    revoke: unexpected,
    inspect: unexpected,
  })

const writer = createManager()
const ref = writer.ref('authorization_code', '1')
await writer.save(ref, {
  tokens: {
    accessToken: new Secret('access'),
    refreshToken: new Secret('refresh'),
    issuedAt: Date.now(),
    lifetimeMs: 5_400_000,
  },
  user: { id: '1', login: 'a@example.com', name: 'A' },
  redirectUri: 'https://app.example/callback',
})
const before = { ...asked }
const manager = createManager()
const cases = { 'an empty promise': async () => undefined, 'a fresh token': () => manager.use(ref) }
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [name, call] of Object.entries(cases)) {
    const start = process.hrtime.bigint()
    for (let index = 0; index < CALLS; index += 1) await call()
    times[name].push(Number(process.hrtime.bigint() - start) / CALLS / 1_000)
  }
}
for (const [name, micros] of Object.entries(times)) {
  const [low, middle, high] = [0, 0.5, 1].map((part) =>
    micros.toSorted((a, b) => a - b)[Math.round(part * (rounds - 1))].toFixed(2),
  )
  console.log(`${name.padEnd(20)} ${middle} µs (${low} to ${high})`)
}
const reads = Object.entries(asked).map(([name, count]) => `${name} ${count - before[name]}`)
console.log(`the store was asked, in ${rounds * CALLS} calls of a new process: ${reads.join(', ')}`)

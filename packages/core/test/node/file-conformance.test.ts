import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, test, vi } from 'vitest'
import { testTokenStore } from '../../../conformance/src/index.js'
import { FileTokenStore } from '../../src/node/index.js'

vi.setConfig({ testTimeout: 60_000 })

const base = mkdtempSync(join(tmpdir(), 'procore-file-store-'))
afterAll(() => rmSync(base, { recursive: true }), 60_000)

let directory = base
beforeEach(() => {
  directory = join(mkdtempSync(join(base, 'test-')), 'store')
})

testTokenStore(
  { describe, test },
  {
    name: 'FileTokenStore',
    open: async () => ({ store: new FileTokenStore({ directory }) }),
    shared: true,
    durable: true,
    openUnreachable: async () => {
      writeFileSync(join(base, 'file'), '')
      return { store: new FileTokenStore({ directory: join(base, 'file') }) }
    },
  },
)

import { MemoryTokenStore } from '@procore-auth/core'
import { describe, test } from 'vitest'
import { testTokenStore } from '../../src/index.js'

testTokenStore(
  { describe, test },
  {
    name: 'MemoryTokenStore',
    open: async () => ({ store: new MemoryTokenStore() }),
    shared: false,
    durable: false,
  },
)

import type { TokenStore } from '@procore-auth/core'

/** A handle on a store, as one process has it. */
export interface OpenStore {
  readonly store: TokenStore
  /** Gives up the handle and what it holds open; the data stays. */
  readonly close?: () => Promise<void>
}

/** The store under test, and what can be shown of it. */
export interface TokenStoreSubject {
  /** Heads the tests. */
  readonly name: string
  /**
   * Opens a handle. Every test opens its own, works on keys that no other test uses, and closes it.
   * The data need not be empty.
   */
  readonly open: () => Promise<OpenStore>
  /**
   * Whether handles that are open side by side see the same data, as two processes do. Each must have
   * a connection of its own then. With false, the tests of several processes are left out.
   */
  readonly shared: boolean
  /** Whether the data is still there when all handles were closed and one is opened again. */
  readonly durable: boolean
  /**
   * Opens a handle whose every call has to fail: to a server that is not there, on a file that is no
   * database. Left out where nothing can be out of reach.
   */
  readonly openUnreachable?: () => Promise<OpenStore>
  /**
   * Milliseconds that a lease lasts in the tests that wait for its end; default 400. A store that
   * counts whole seconds needs 1,000 or more.
   */
  readonly leaseMs?: number
  /** Lets time pass; default: the machine's. For a store whose clock can be moved. */
  readonly wait?: (ms: number) => Promise<void>
}

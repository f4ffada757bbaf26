/** Something to wait for that a test lets happen. */
export class Gate {
  /** Resolves when it is open. */
  readonly opened: Promise<void>
  #isOpen = false
  #resolve: () => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.#isOpen = true
    this.#resolve()
  }
}

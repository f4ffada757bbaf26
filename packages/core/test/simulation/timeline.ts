interface Entry {
  readonly at: number
  readonly order: number
  readonly act: () => void
}

/** Time that passes only from one thing that happens to the next. What is due together keeps its order. */
export class Timeline {
  now: number
  happened = 0
  readonly #heap: Entry[] = []
  #order = 0

  constructor(startsAt: number) {
    this.now = startsAt
  }

  at(moment: number, act: () => void): void {
    this.#order += 1
    const heap = this.#heap
    heap.push({ at: Math.max(moment, this.now), order: this.#order, act })
    let child = heap.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#swapped(parent, child)) return
      child = parent
    }
  }

  after(ms: number, act: () => void): void {
    this.at(this.now + ms, act)
  }

  /** Lets the next thing happen; false when there is none. */
  step(): boolean {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (!first || !last) return false
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink()
    }
    this.now = first.at
    this.happened += 1
    first.act()
    return true
  }

  #sink(): void {
    let parent = 0
    for (;;) {
      const left = parent * 2 + 1
      const child = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#swapped(parent, child)) return
      parent = child
    }
  }

  /** Exchanges two entries when the second is to happen before the first. */
  #swapped(first: number, second: number): boolean {
    const one = this.#heap[first]
    const other = this.#heap[second]
    if (!one || !other || !this.#isBefore(second, first)) return false
    this.#heap[first] = other
    this.#heap[second] = one
    return true
  }

  #isBefore(index: number, than: number): boolean {
    const one = this.#heap[index]
    const other = this.#heap[than]
    if (!one || !other) return false
    return one.at < other.at || (one.at === other.at && one.order < other.order)
  }
}

// Fixtures marked [Parallelizable] run first, four at a time. The other fixtures run after them, one at a time.
// Mark a fixture if its tests wait for browsers, child processes or timers. Do not mark it if its tests read a state of the whole process, such
// as allocated bytes, or if they fail when other tests delay them by a second.
[assembly: LevelOfParallelism(4)]

// Fixtures run alone and one after the other, but for those that are [Parallelizable]: they spend their time waiting for browsers,
// processes and schedules, and so many of them run beside one another. Who asserts on what the whole process does (its threads, its
// allocations), or on what comes together in time, is not among them.
[assembly: LevelOfParallelism(4)]

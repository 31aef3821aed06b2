using System.Diagnostics;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>The clients of <see cref="MemoryBenchmark"/>: they join, are silent, then one of each room talks, and all hear it.</summary>
internal static class Holding
{
    public static async Task<int> RunAsync(int port, int connections, int rooms, int messages)
    {
        var began = Stopwatch.StartNew();
        var members = new Member[connections];
        for (var room = 0; room < Math.Min(rooms, connections); room++)
        {
            members[room] = new Member(port, $"m{room}", RoomOf(room));
            await members[room].CreateAsync();
        }

        await Parallel.ForAsync(rooms, connections, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            var member = members[i] = new Member(port, $"m{i}", RoomOf(i % rooms));
            await member.JoinAsync();
        });
        Console.WriteLine($"joined in {began.Elapsed.TotalSeconds:0.0} s");

        if (await Console.In.ReadLineAsync() == "talk")
        {
            var starts = members.Select(member => member.LastSeq).ToArray();
            began.Restart();
            for (var i = 0; i < messages; i++)
            {
                for (var room = 0; room < rooms; room++)
                    members[room].Say(i);
            }

            while (!members.Select((member, i) => member.LastSeq >= starts[i] + messages).All(done => done) && began.Elapsed.TotalSeconds < 120)
                await Task.Delay(10);
            var delivered = members.Select((member, i) => member.LastSeq - starts[i]).Sum();
            Console.WriteLine(
                $"delivered {delivered:n0} of {(long)connections * messages:n0} in {began.Elapsed.TotalSeconds:0.00} s, {delivered / began.Elapsed.TotalSeconds:n0}/s; {members.Sum(member => member.Faults)} lost, repeated or out of order");
        }

        await Console.In.ReadLineAsync();
        foreach (var member in members)
            member.Dispose();
        return 0;
    }

    private static string RoomOf(int room) => $"room-{room}";
}

using System.Diagnostics;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>The clients of <see cref="MemoryBenchmark"/>. They join and stay idle. Then one client of each room sends messages to the room.</summary>
internal static class MemoryClients
{
    public static async Task<int> RunAsync(int port, int connections, int rooms, int messages)
    {
        var watch = Stopwatch.StartNew();
        var members = new Member[connections];
        for (var room = 0; room < Math.Min(rooms, connections); room++)
        {
            members[room] = new Member(port, $"m{room}", GetRoom(room));
            await members[room].CreateAsync();
        }

        await Parallel.ForAsync(rooms, connections, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            var member = members[i] = new Member(port, $"m{i}", GetRoom(i % rooms));
            await member.JoinAsync();
        });
        Console.WriteLine($"joined in {watch.Elapsed.TotalSeconds:0.0} s");

        if (await Console.In.ReadLineAsync() == "talk")
        {
            var starts = members.Select(member => member.LastSeq).ToArray();
            watch.Restart();
            for (var i = 0; i < messages; i++)
            {
                for (var room = 0; room < rooms; room++)
                    members[room].Say(i);
            }

            while (!members.Select((member, i) => member.LastSeq >= starts[i] + messages).All(done => done) && watch.Elapsed.TotalSeconds < 120)
                await Task.Delay(10);
            var delivered = members.Select((member, i) => member.LastSeq - starts[i]).Sum();
            Console.WriteLine(
                $"delivered {delivered:n0} of {(long)connections * messages:n0} in {watch.Elapsed.TotalSeconds:0.00} s, {delivered / watch.Elapsed.TotalSeconds:n0}/s; {members.Sum(member => member.Faults)} lost, repeated or out of order");
        }

        await Console.In.ReadLineAsync();
        foreach (var member in members)
            member.Dispose();
        return 0;
    }

    private static string GetRoom(int room) => $"room-{room}";
}

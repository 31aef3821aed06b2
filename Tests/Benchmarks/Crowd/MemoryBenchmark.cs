using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>Measures the memory of a connection in a room: resident memory and heap in use, idle and busy.</summary>
internal static class MemoryBenchmark
{
    private const int WarmUp = 200;

    public static async Task<int> RunAsync(int connections, int rooms, int messages, string[] settings)
    {
        await using var server = await HostedServer.StartAsync(settings);
        // Warm up. The first connections compile and load code, and the memory for this code must not be counted.
        await RunClientsAsync(server, WarmUp, Math.Min(rooms, 10), messages, _ => { });
        await WaitUntilAsync(() => server.Connections == 0);
        HostedServer.Collect();
        var (before, heapBefore) = (HostedServer.Resident.Now, GC.GetTotalMemory(false));

        Console.WriteLine($"{connections:n0} connections in {rooms:n0} room{(rooms == 1 ? "" : "s")}; {before / 1048576.0:0} MiB resident before");
        await RunClientsAsync(server, connections, rooms, messages, phase =>
        {
            if (phase == "busy")
            {
                Report("busy, peak", HostedServer.Resident.Peak, GC.GetTotalMemory(false));
                return;
            }

            Report("after connecting", HostedServer.Resident.Now, GC.GetTotalMemory(false));
            HostedServer.Collect();
            Report("idle, after a compacting collection", HostedServer.Resident.Now, GC.GetTotalMemory(false));
            HostedServer.ResetPeak();
        });
        return 0;

        void Report(string when, long resident, long heap) => Console.WriteLine(
            $"{when,-36} {(resident - before) / (double)connections,8:n0} B of resident memory each, {(heap - heapBefore) / (double)connections,6:n0} B of heap in use; {resident / 1048576.0:0} MiB in total");
    }

    private static async Task RunClientsAsync(HostedServer server, int connections, int rooms, int messages, Action<string> report)
    {
        using var clients = HostedServer.StartClients(
            "hold", "--port", Format(server.Port), "--connections", Format(connections), "--rooms", Format(rooms), "--messages", Format(messages));
        var joined = await HostedServer.ExpectAsync(clients, "joined");
        if (connections > WarmUp)
            Console.WriteLine($"all {joined}");
        report("idle");
        await clients.StandardInput.WriteLineAsync("talk");
        var delivered = await HostedServer.ExpectAsync(clients, "delivered");
        report("busy");
        if (connections > WarmUp)
            Console.WriteLine(delivered);
        clients.StandardInput.Close();
        await clients.WaitForExitAsync();
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(20);
    }

    private static string Format(int value) => value.ToString(CultureInfo.InvariantCulture);
}

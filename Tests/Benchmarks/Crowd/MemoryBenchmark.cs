using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>What a connection in a room costs the server: resident memory, of which heap, idle and busy.</summary>
internal static class MemoryBenchmark
{
    private const int WarmUp = 200;

    public static async Task<int> RunAsync(int connections, int rooms, int messages, string[] settings)
    {
        await using var server = await HostedServer.StartAsync(settings);
        // What is compiled and loaded by the first connections is not the later ones'.
        await CrowdAsync(server, WarmUp, Math.Min(rooms, 10), messages, _ => { });
        await WaitAsync(() => server.Connections == 0);
        HostedServer.Collect();
        var (before, heapBefore) = (HostedServer.Resident.Now, GC.GetTotalMemory(false));

        Console.WriteLine($"{connections:n0} connections in {rooms:n0} room{(rooms == 1 ? "" : "s")}; {before / 1048576.0:0} MiB resident without any");
        await CrowdAsync(server, connections, rooms, messages, phase =>
        {
            if (phase == "busy")
            {
                Tell("busy, at the most", HostedServer.Resident.Most, GC.GetTotalMemory(false));
                return;
            }

            Tell("as they came", HostedServer.Resident.Now, GC.GetTotalMemory(false));
            HostedServer.Collect();
            Tell("idle, after a compacting collection", HostedServer.Resident.Now, GC.GetTotalMemory(false));
            HostedServer.ForgetPeak();
        });
        return 0;

        void Tell(string when, long resident, long heap) => Console.WriteLine(
            $"{when,-36} {(resident - before) / (double)connections,8:n0} B of resident memory each, {(heap - heapBefore) / (double)connections,6:n0} B of heap in use; {resident / 1048576.0:0} MiB in all");
    }

    private static async Task CrowdAsync(HostedServer server, int connections, int rooms, int messages, Action<string> look)
    {
        using var clients = HostedServer.Clients(
            "hold", "--port", Number(server.Port), "--connections", Number(connections), "--rooms", Number(rooms), "--messages", Number(messages));
        var joined = await HostedServer.ExpectAsync(clients, "joined");
        if (connections > WarmUp)
            Console.WriteLine($"all {joined}");
        look("idle");
        await clients.StandardInput.WriteLineAsync("talk");
        var told = await HostedServer.ExpectAsync(clients, "delivered");
        look("busy");
        if (connections > WarmUp)
            Console.WriteLine(told);
        clients.StandardInput.Close();
        await clients.WaitForExitAsync();
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(20);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

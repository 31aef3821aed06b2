using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>Many connections are cut, reconnect at the same time, and recover missed messages, while other clients continue to chat.</summary>
internal static class StormBenchmark
{
    public static async Task<int> RunAsync(int movers, int stayers, double rate, int missed, string[] settings)
    {
        await using var server = await HostedServer.StartAsync(settings);
        using var clients = HostedServer.StartClients(
            "rush", "--port", Format(server.Port), "--movers", Format(movers), "--stayers", Format(stayers), "--rate", Format(rate), "--missed", Format(missed));
        Console.WriteLine($"{movers:n0} connections that reconnect and {stayers:n0} that stay, in one room, {rate} messages per second");
        Console.WriteLine(await HostedServer.ExpectAsync(clients, "joined"));
        HostedServer.Collect();
        HostedServer.ResetPeak();
        var before = HostedServer.Resident.Now;
        await clients.StandardInput.WriteLineAsync("go");
        string[] words = ["quiet", "back", "storm", "after", "faults"];
        var faults = "";
        foreach (var word in words)
        {
            faults = await HostedServer.ExpectAsync(clients, word);
            Console.WriteLine(faults);
        }

        Console.WriteLine($"server: {before / 1048576.0:0} MiB with all connected, peak {HostedServer.Resident.Peak / 1048576.0:0} MiB during the reconnects");
        clients.StandardInput.Close();
        await clients.WaitForExitAsync();
        return faults == "faults 0" ? 0 : 1;
    }

    private static string Format(double value) => value.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>Many connections are cut off at once, come back at once, and recover what they missed, while others go on talking.</summary>
internal static class StormBenchmark
{
    public static async Task<int> RunAsync(int movers, int stayers, double rate, int missed, string[] settings)
    {
        await using var server = await HostedServer.StartAsync(settings);
        using var clients = HostedServer.Clients(
            "rush", "--port", Number(server.Port), "--movers", Number(movers), "--stayers", Number(stayers), "--rate", Number(rate), "--missed", Number(missed));
        Console.WriteLine($"{movers:n0} who move and {stayers:n0} who stay, in one room, {rate} messages a second");
        Console.WriteLine(await HostedServer.ExpectAsync(clients, "joined"));
        HostedServer.Collect();
        HostedServer.ForgetPeak();
        var before = HostedServer.Resident.Now;
        await clients.StandardInput.WriteLineAsync("go");
        string[] words = ["quiet", "back", "storm", "after", "faults"];
        var faults = "";
        foreach (var word in words)
        {
            faults = await HostedServer.ExpectAsync(clients, word);
            Console.WriteLine(faults);
        }

        Console.WriteLine($"server: {before / 1048576.0:0} MiB with all of them there, {HostedServer.Resident.Most / 1048576.0:0} MiB at the most while they came back");
        clients.StandardInput.Close();
        await clients.WaitForExitAsync();
        return faults == "faults 0" ? 0 : 1;
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}

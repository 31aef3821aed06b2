using System.Globalization;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// The entry point of the test assembly if the assembly runs as a separate process. The process attacks a server until its standard input
/// ends. The test runner does not use this entry point. See <see cref="AttackerProcess"/>.
/// </summary>
internal static class AttackerProgram
{
    /// <param name="args">The HTTP port and the raw TCP port of the server.</param>
    private static async Task Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        var attacks = new Attacks(ParsePort(args[0]), ParsePort(args[1]));
        var running = Task.WhenAll(attacks.Start(stop.Token));
        Console.WriteLine(AttackerProcess.Started);
        await Console.In.ReadToEndAsync();
        await stop.CancelAsync();
        await running;
        Console.WriteLine(attacks.Rounds.ToString(CultureInfo.InvariantCulture));
    }

    private static int ParsePort(string port) => int.Parse(port, CultureInfo.InvariantCulture);
}

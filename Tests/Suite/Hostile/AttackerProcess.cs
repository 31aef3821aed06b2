using System.Diagnostics;
using System.Globalization;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>Runs all <see cref="Attacks"/> in a separate process, so that they do not delay the clients of the test process.</summary>
internal sealed class AttackerProcess : IAsyncDisposable
{
    /// <summary>The line that the process prints when all attacks have begun.</summary>
    public const string Started = "started";

    private readonly Process _process;

    private AttackerProcess(Process process) => _process = process;

    /// <summary>Starts the process, and waits until all attacks have begun.</summary>
    /// <param name="httpPort">The HTTP port of the server.</param>
    /// <param name="rawPort">The raw TCP port of the server.</param>
    /// <param name="isIdle">
    /// Whether the process gets only the processor time that no other process needs. If true, the attacks take no processor time from the
    /// server, as if they came from other machines.
    /// </param>
    public static async Task<AttackerProcess> StartAsync(int httpPort, int rawPort, bool isIdle)
    {
        string[] command = ["dotnet", typeof(AttackerProgram).Assembly.Location, $"{httpPort}", $"{rawPort}"];
        if (isIdle)
            command = ["chrt", "--idle", "0", .. command];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var attacker = new AttackerProcess(Process.Start(start)!);
        (await attacker._process.StandardOutput.ReadLineAsync().OrFail("the start of the attacks")).Should().Be(Started);
        return attacker;
    }

    /// <summary>Ends all attacks.</summary>
    /// <returns>The number of completed attacks, including attacks that the server rejected.</returns>
    public async Task<long> StopAsync()
    {
        _process.StandardInput.Close();
        var rounds = await _process.StandardOutput.ReadLineAsync().OrFail("the end of the attacks");
        await _process.WaitForExitAsync().OrFail("the end of the attackers' process");
        return long.Parse(rounds!, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}

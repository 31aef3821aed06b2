using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace RawSocketChat.Server.Files.Images;

/// <summary>A running <see cref="PreviewProgram"/>. Used by one caller at a time.</summary>
internal sealed class PreviewProcess : IDisposable
{
    // The limit of the program's managed memory: 64 MiB. The program needs only a few managed objects for each request. The pixels are in native memory.
    private const string ManagedHeapBytes = "0x4000000";

    private readonly Process _process;

    private PreviewProcess(Process process) => _process = process;

    /// <summary>Starts the program.</summary>
    /// <exception cref="InvalidOperationException">The program cannot be started.</exception>
    public static PreviewProcess Start()
    {
        var (file, arguments) = FindProgram();
        return Start(file, arguments);
    }

    /// <summary>Starts another program, for tests.</summary>
    /// <inheritdoc cref="Start()"/>
    internal static PreviewProcess Start(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        start.Environment["DOTNET_GCHeapHardLimit"] = ManagedHeapBytes;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException("no process was started");
            LowerPriority(process);
            return new PreviewProcess(process);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new InvalidOperationException(fault.Message, fault);
        }
    }

    /// <summary>The id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Sends a request and waits for the answer.</summary>
    /// <exception cref="IOException">The program has ended.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled. The program may still be working, so the caller must dispose of this
    /// object.</exception>
    public async Task<PreviewAnswer> AskAsync(PreviewRequest request, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request, PreviewJson.Default.PreviewRequest).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } answer
            ? JsonSerializer.Deserialize(answer, PreviewJson.Default.PreviewAnswer)!
            : throw new IOException("the program that decodes images has ended");
    }

    /// <summary>Ends the program, even while it works.</summary>
    public void Dispose()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // The program has ended already.
        }

        _process.Dispose();
    }

    // Lower the priority, because uploads must not slow down the chat.
    private static void LowerPriority(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception fault) when (fault is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // The program has ended already. The first request reports this.
        }
    }

    // Finds the command that runs the server's program again: the .NET host of this process with the server's assembly. A server that was published
    // as a single file, or with its own .NET, needs only its executable.
    private static (string File, string[] Arguments) FindProgram()
    {
        var assembly = typeof(PreviewProcess).Assembly.Location;
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return assembly.Length > 0 && File.Exists(dotnet) ? (dotnet, [assembly, PreviewProgram.Command]) : (Environment.ProcessPath!, [PreviewProgram.Command]);
    }
}

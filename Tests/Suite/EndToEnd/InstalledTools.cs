using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The paths of the programs and files that these tests use. <c>Tests/run</c> installs the programs that are not in the repository.
/// </summary>
public static class InstalledTools
{
    public static string Wscat => InTools("node_modules/.bin/wscat");

    /// <summary>The folder of all npm packages.</summary>
    public static string NodeModules => Path.GetDirectoryName(InTools("node_modules/.installed"))!;

    public static string Axe => InTools("node_modules/axe-core/axe.min.js");

    /// <summary>The built server, for tests that run it in its own process.</summary>
    public static string ServerDll => Path.Combine(AppContext.BaseDirectory, "RawSocketChat.Server.dll");

    /// <summary>The page as a file on disk.</summary>
    public static string ClientHtml => Path.Combine(AppContext.BaseDirectory, "client.html");

    private static string InTools(string path)
    {
        var tool = Path.Combine(Repository.Root, "Tests", ".tools", path);
        return File.Exists(tool) ? tool : throw new AssertionException($"{path} is not installed; Tests/run installs it");
    }
}

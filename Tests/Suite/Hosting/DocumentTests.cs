using System.Reflection;
using System.Text.RegularExpressions;
using RawSocketChat.Tests.Architecture;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>The links of the documents resolve, and the list of architecture rules is complete.</summary>
public sealed partial class DocumentTests
{
    private static readonly string Folder = Repository.Root;

    [TestCase("README.md")]
    [TestCase("CONTRIBUTING.md")]
    [TestCase("CHANGELOG.md")]
    [TestCase("Protocol/README.md")]
    [TestCase("Server/README.md")]
    [TestCase("Server/docs/design.md")]
    [TestCase("Server/docs/operations.md")]
    [TestCase("Server/docs/limits.md")]
    [TestCase("Server/docs/client.md")]
    [TestCase("Server/docs/scale.md")]
    [TestCase("Server/docs/settings.md")]
    [TestCase("Tests/Benchmarks/README.md")]
    public void Links_of_a_document_resolve(string document)
    {
        var file = Path.Combine(Folder, document);
        var links = Link().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)).ToList();
        links.Should().NotBeEmpty();
        foreach (var link in links)
        {
            var parts = link.Split('#');
            var target = parts[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0]));
            Path.Exists(target).Should().BeTrue($"{document} links to {link}");
            if (parts.Length > 1)
                GetAnchors(target).Should().Contain(parts[1], $"{document} links to it");
        }
    }

    // With carriage returns, Linux looks for an interpreter named "bash\r".
    [TestCase("Tests/run")]
    [TestCase("Tests/Client/run")]
    [TestCase("Tests/npm-install")]
    [TestCase("Tests/Suite/EndToEnd/screenshot")]
    [TestCase(".ci/run")]
    public void Script_is_checked_out_without_carriage_returns_on_every_machine(string script)
    {
        File.ReadAllText(Path.Combine(Folder, script)).Should().StartWith("#!").And.NotContain("\r");
        File.ReadLines(Path.Combine(Folder, ".gitattributes")).Should().Contain("* text=auto eol=lf");
    }

    [Test]
    public void Design_document_lists_the_test_of_each_architecture_rule()
    {
        var document = File.ReadAllText(Path.Combine(Folder, "Server", "docs", "design.md"));
        var rules = typeof(DependencyRulesTests).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(method => method.Name)
            .Where(name => name != nameof(DependencyRulesTests.Rules_find_a_forbidden_reference));
        rules.Should().NotBeEmpty().And.OnlyContain(name => document.Contains($"`{name}`", StringComparison.Ordinal));
    }

    // GitHub's anchors: small letters, no punctuation, hyphens for spaces.
    private static IEnumerable<string> GetAnchors(string file) => File.ReadLines(file)
        .Where(line => line.StartsWith('#'))
        .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{Nd} _-]")]
    private static partial Regex NotInAnchor();
}

{
  description = "Drivers that make any C or C++ build fully static, and verify it";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      each = of: nixpkgs.lib.genAttrs systems (system: of nixpkgs.legacyPackages.${system});
      about = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
    in
    {
      packages = each (pkgs: rec {
        default = staticcxx;
        staticcxx = pkgs.rustPlatform.buildRustPackage {
          pname = about.name;
          version = about.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          # One program, which is each driver by the name that it is called by.
          cargoBuildFlags = [
            "--bin"
            "staticctl"
          ];
          # The tests want a machine's compilers and an empty root; tests/run has them.
          doCheck = false;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          postInstall = ''
            for name in staticcc staticcxx staticfc; do
                ln -sf staticctl "$out/bin/$name"
            done
            "$out/bin/staticctl" man man
            installManPage man/*
            for shell in bash fish zsh; do
                "$out/bin/staticctl" completions "$shell" > "staticctl.$shell"
            done
            installShellCompletion staticctl.{bash,fish,zsh}
          '';
          meta = {
            description = about.description;
            license = with pkgs.lib.licenses; [
              mit
              asl20
            ];
            mainProgram = "staticctl";
            platforms = systems;
          };
        };
      });

      devShells = each (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ self.packages.${pkgs.stdenv.hostPlatform.system}.default ];
          packages = with pkgs; [
            clippy
            just
            rustfmt
          ];
          # Nixpkgs keeps the archives of the C library apart.
          buildInputs = [ pkgs.glibc.static ];
        };
      });
    };
}
